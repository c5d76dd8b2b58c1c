// The functions of ours that an authenticated request runs, found by V8's precise coverage: node walk.mjs express | koa | hono. One object in JSON.
import { readFileSync } from 'node:fs'
import { createServer, get } from 'node:http'
import { Session } from 'node:inspector'
import { SourceMap } from 'node:module'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listenerOf } from './lib/apps.mjs'
import { authentication, tokenChain } from './lib/subjects.mjs'

const packages = fileURLToPath(new URL('../../packages/', import.meta.url))
const [, , framework] = process.argv
const TOKEN = '31ada4fd-adec-460c-809a-9e56ceb75269'
/** The first requests find internal fields of Node and load what is loaded on first use. */
const REQUESTS_BEFORE = 20

const users = new Map([[TOKEN, { username: 'jane', uid: '1', groups: ['admins', 'ops'] }]])
const server = createServer(listenerOf[framework](authentication[framework](tokenChain(users))))
await new Promise((resolve) => {
  server.listen(0, '127.0.0.1', resolve)
})
for (let request = 0; request < REQUESTS_BEFORE; request++) await ask()
const functions = await calledDuring(ask)
const files = [...new Set(functions.map((each) => each.slice(0, each.indexOf(':'))))]
process.stdout.write(`${JSON.stringify({ files, functions })}\n`)
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

/** @returns the functions as `FILE:LINE NAME`, each once. */
async function calledDuring(operation) {
  const session = new Session()
  session.connect()
  const post = (method, parameters) =>
    new Promise((resolve, reject) => {
      session.post(method, parameters, (error, result) => (error === null ? resolve(result) : reject(error)))
    })
  await post('Profiler.enable')
  await post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  await operation()
  const { result } = await post('Profiler.takePreciseCoverage')
  session.disconnect()
  return [...new Set(result.flatMap(calledIn))]
}

function calledIn({ url, functions: covered }) {
  if (!url.startsWith('file:')) return []
  const file = fileURLToPath(url)
  if (!file.startsWith(packages) || !file.includes(`${sep}dist${sep}`)) return []
  const text = readFileSync(file, 'utf8')
  const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))
  return (
    covered
      .filter(({ ranges: [{ count, startOffset }] }) => count > 0 && startOffset > 0)
      // V8 counts the fields of a class as a function besides its constructor.
      .filter(({ functionName }) => functionName !== '<instance_members_initializer>')
      .map(({ functionName, ranges: [{ startOffset }] }) => {
        const before = text.slice(0, startOffset).split('\n')
        const { originalSource, originalLine } = map.findEntry(before.length - 1, before.at(-1).length)
        const source = fileURLToPath(new URL(originalSource, url)).slice(packages.length)
        return `${source}:${originalLine + 1} ${functionName}`
      })
  )
}
