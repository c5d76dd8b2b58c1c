// Serves one subject of a row over HTTP: node serve.mjs ROW SUBJECT. Prints the address and the credential as one line of JSON.
import { createServer } from 'node:http'
import { rows } from './rows/index.mjs'

const [, , rowName, subjectName] = process.argv
const { listener, authorization } = await rows
  .find(({ name }) => name === rowName)
  .subjects[subjectName].make()
const server = createServer(listener)
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}/`
  process.stdout.write(`${JSON.stringify({ url, authorization })}\n`)
})
