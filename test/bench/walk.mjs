// The functions of ours that an authenticated request runs: node walk.mjs express | koa | hono. One object in JSON.
import { createServer, get } from 'node:http'
import { smallApp } from './lib/apps.mjs'
import { writeCalledDuring } from './lib/called.mjs'
import { authentication, tokenChain } from './lib/subjects.mjs'

const [, , framework] = process.argv
const TOKEN = '31ada4fd-adec-460c-809a-9e56ceb75269'
/** The first requests find internal fields of Node and load what is loaded on first use. */
const REQUESTS_BEFORE = 20

const users = new Map([[TOKEN, { username: 'jane', uid: '1', groups: ['admins', 'ops'] }]])
const server = createServer(smallApp[framework](authentication[framework](tokenChain(users))))
await new Promise((resolve) => {
  server.listen(0, '127.0.0.1', resolve)
})
for (let request = 0; request < REQUESTS_BEFORE; request++) await ask()
await writeCalledDuring(ask)
process.exit(0)

/** @throws {Error} unless the token is accepted. */
function ask() {
  const { port } = server.address()
  const headers = { authorization: `Bearer ${TOKEN}` }
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, headers }, (answer) => {
      answer.resume()
      if (answer.statusCode === 200) answer.once('end', resolve)
      else reject(new Error(`answered ${answer.statusCode}`))
    }).once('error', reject)
  })
}
