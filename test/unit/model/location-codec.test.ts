import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLocation, encodeLocation, plainLocation, readLocation } from '../../../src/model/location-codec.ts';
import { Secret } from '../../../src/model/secret.ts';
import { connectionParams } from '../../support/builders.ts';

test('values are quoted only where libpq asks for it', () => {
  const params = connectionParams({ host: '/var/run', dbname: "it's\\ here", user: 'repl', sslmode: '' });
  expect(encodeLocation(params)).toBe(String.raw`host=/var/run port=5432 dbname='it\'s\\ here' user=repl sslmode=''`);
});

test('a password never gets into a location', () => {
  const text = encodeLocation(connectionParams({ password: new Secret('hunter2') }));
  expect(text).not.toMatch(/hunter2|password/);
  expect(decodeLocation('dbname=app password=hunter2')).toEqual(
    connectionParams({ host: undefined, port: undefined, user: undefined }),
  );
});

test.for([
  ["host = 'a b'  dbname=x\n", { host: 'a b', dbname: 'x' }],
  [String.raw`dbname=a\ b user=o'neil`, { dbname: 'a b', user: "o'neil" }],
  ['hostaddr=10.0.0.1 application_name=x', { host: '10.0.0.1' }],
  ['dbname=one dbname=two', { dbname: 'two' }],
  ['', {}],
] as const)('%s is read as libpq reads it', ([text, expected]) => {
  const empty = connectionParams({ host: undefined, port: undefined, dbname: undefined, user: undefined });
  expect(decodeLocation(text)).toEqual({ ...empty, ...expected });
});

test.for(['dbname', "dbname='x", 'port=many', "dbname='a'b=c", 'postgresql://x:y/z'])('%s is no location', (text) => {
  expect(decodeLocation(text)).toBeUndefined();
});

test('a URL is a location too', () => {
  const read = readLocation('postgresql://repl:hunter2@db1:5433/app?sslmode=require');
  expect(read?.params.password?.reveal()).toBe('hunter2');
  expect(plainLocation('postgresql://repl:hunter2@db1:5433/app?sslmode=require')).toBe(
    'host=db1 port=5433 dbname=app user=repl sslmode=require',
  );
});

test('locations are alike in whatever order and with whatever beside they are written', () => {
  const text = "user=repl application_name='x y' password=hunter2 connect_timeout=5 dbname=app host=db1";
  expect(plainLocation(text)).toBe('host=db1 dbname=app user=repl');
  expect(readLocation(text)?.passedOver).toEqual(['application_name']);
  expect(readLocation(text)?.params.connectTimeoutMs).toBe(5000);
  expect(plainLocation("host='db1 password=hunter2")).toBe('(no connection string)');
});

test('what is written is read again', () => {
  const text = fc.option(fc.string({ unit: 'binary' }), { nil: undefined });
  const params = fc.record({
    host: text,
    port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    dbname: text,
    user: text,
    passfile: text,
    service: text,
    sslmode: text,
    sslrootcert: text,
    sslcert: text,
    sslkey: text,
  });
  fc.assert(
    fc.property(params, (fields) => {
      const given = connectionParams(fields);
      expect(decodeLocation(encodeLocation(given))).toEqual(given);
    }),
  );
});
