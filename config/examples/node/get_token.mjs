#!/usr/bin/env node
// Gets a token from tokenbroker, with Node's standard library alone.
//
//     get_token.mjs ACCOUNT        prints the token
//
// Copy tokenFor() and rejected() into your program. Ask for the token when you need it: the broker keeps it fresh.
import http from 'node:http';
import { pathToFileURL } from 'node:url';

const socketPath = process.env.TOKENBROKER_SOCKET || '/run/tokenbroker/tokenbroker.sock';

function ask(method, path, body, wait = 5) {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'Content-Type': 'application/json' } : {};
    const signal = AbortSignal.timeout((wait + 10) * 1000);
    const request = http.request({ socketPath, method, path, headers, signal }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => { text += piece; });
      answer.on('error', reject);
      answer.on('end', () => {
        try {
          const data = JSON.parse(text);
          if (answer.statusCode === 200) resolve(data);
          else reject(new Error(`tokenbroker: ${data.detail ?? data.title}`));
        } catch (error) {
          reject(error);
        }
      });
    });
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });
}

// The token: headers[token.header.name] = token.header.value
export function tokenFor(account, wait = 5) {
  return ask('GET', `/v1/accounts/${encodeURIComponent(account)}/token?wait=${wait}s`, undefined, wait);
}

// Call this when the upstream answered 401 to the token: the token that is good now.
export function rejected(token, wait = 30) {
  const path = `/v1/accounts/${encodeURIComponent(token.account)}/token/rejected?wait=${wait}s`;
  return ask('POST', path, { generation: token.generation }, wait);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.length !== 3) {
    console.error('usage: get_token.mjs ACCOUNT');
    process.exit(1);
  }
  try {
    console.log((await tokenFor(process.argv[2])).access_token);
  } catch (error) {
    console.error(`get_token.mjs: ${error.message}`);
    process.exitCode = 1;
  }
}
