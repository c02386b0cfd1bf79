const http = require('http');
const ms = require('ms');

process.on('SIGTERM', () => process.exit(0));
http.createServer((request, response) => {
  response.end(`two days are ${ms('2 days')} ms`);
}).listen(3000);
