const http = require('http');
const kleur = require('kleur');

kleur.enabled = false;
process.on('SIGTERM', () => process.exit(0));
http.createServer((_, response) => response.end(kleur.bold('aboard'))).listen(8080);
