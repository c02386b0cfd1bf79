import { createServer } from 'node:http';
import kleur from 'kleur';

const port: number = Number(process.env.PORT ?? 8080);

kleur.enabled = false;
process.on('SIGTERM', () => process.exit(0));
createServer((_, response) => {
  response.end(kleur.green('all clear'));
}).listen(port);
