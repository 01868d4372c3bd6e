import { Flags } from '@oclif/core';
import { ToolError } from '../model/problem.ts';

/** `9187`, `0.0.0.0:9187` or `[::1]:9187`. */
export const httpAddress = Flags.custom<{ readonly host: string; readonly port: number }>({
  parse: async (text, command) => {
    const [, host = '127.0.0.1', port = ''] = /^(?:\[?([^[\]]+?)\]?:)?(\d+)$/.exec(text) ?? [];
    if (port === '' || Number(port) > 65_535) {
      const detail = `--http is "${text}", which is not an address: give a port, or HOST:PORT`;
      throw new ToolError([{ code: 'usage_invalid', command: command.id, detail }]);
    }
    return { host, port: Number(port) };
  },
});
