// Serves one subject of a row over HTTP: node serve.mjs ROW SUBJECT HOST. Prints the address and the header of its requests as one line of JSON.
import { createServer } from 'node:http'
import { rows } from './rows/index.mjs'

const [, , rowName, subjectName, host] = process.argv
const { listener, header } = await rows.find(({ name }) => name === rowName).subjects[subjectName].make()
const server = createServer(listener)
server.listen(0, host, () => {
  process.stdout.write(`${JSON.stringify({ url: `http://${host}:${server.address().port}/`, header })}\n`)
})
process.once('SIGTERM', () => process.exit())
