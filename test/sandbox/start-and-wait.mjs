// Starts a server and holds it until this process is ended: node start-and-wait.mjs <state dir> <name> <version>
import { startServer } from '../../dist/sandbox/start-server.js';

const [, , stateDir, name, version] = process.argv;
const { port, pid, started } = await startServer({
  stateDir,
  name,
  server: { version: Number(version), dbname: 'app' },
  keep: false,
  fsync: false,
});
process.stdout.write(`${JSON.stringify({ port, pid, started })}\n`);
setInterval(() => undefined, 1000);
