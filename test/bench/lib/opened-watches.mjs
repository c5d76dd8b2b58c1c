// Opens watches of config maps over connections of their own, counts what arrives, and answers messages of the process that started it.
//
// usage: a child process with IPC; arguments are the URL of the server, the file of its CA, a token, the number of watches, and the number of those that never read.
import { readFileSync } from 'node:fs'
import { request } from 'node:https'

const [, , server, caFile, token, count, silent] = process.argv
const ca = readFileSync(caFile)
const EVENT = Buffer.from('"type":"ADDED"')
const AT_ONCE = 32

let events = 0
let ended = 0
/** What of each response was read, and may be the beginning of an event. */
const rests = new WeakMap()
const unread = []

await openAll(Number(count), (response) => {
  response.on('data', (chunk) => void (events += eventsIn(response, chunk)))
})
await openAll(Number(silent), (response) => {
  response.pause()
  unread.push(response)
})
process.send({ isOpen: true })

process.on('message', (message) => {
  if (message === 'count') process.send({ events, ended })
  if (message === 'read') void readUnread()
  if (message === 'end') process.exit(0)
})

async function openAll(wanted, opened) {
  let left = wanted
  const openSome = async () => {
    while (left-- > 0) await open(opened)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, openSome))
}

function open(opened) {
  return new Promise((resolve, reject) => {
    const url = `${server}/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=${process.env.SINCE}`
    request(url, { ca, agent: false, headers: { authorization: `Bearer ${token}` } }, (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(`status ${response.statusCode}`))
        return
      }
      response.on('close', () => ended++)
      opened(response)
      resolve()
    })
      .on('error', reject)
      .end()
  })
}

function eventsIn(response, chunk) {
  const text = Buffer.concat([rests.get(response) ?? Buffer.alloc(0), chunk])
  let found = 0
  let from = 0
  for (let at = text.indexOf(EVENT); at >= 0; at = text.indexOf(EVENT, from)) {
    found++
    from = at + EVENT.length
  }
  rests.set(response, text.subarray(Math.max(from, text.length - EVENT.length + 1)))
  return found
}

/** What those get that begin to read late: the number of events, and how many were told to begin anew. */
async function readUnread() {
  let late = 0
  let expired = 0
  const read = (response) => {
    response.on('data', (chunk) => {
      late += eventsIn(response, chunk)
      if (chunk.includes('"type":"ERROR"')) expired++
    })
    response.resume()
  }
  for (const response of unread) read(response)
  let before = -1
  while (before !== late + expired) {
    before = late + expired
    await new Promise((resolve) => void setTimeout(resolve, 1500))
  }
  process.send({ late, expired })
}
