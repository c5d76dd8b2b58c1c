// Measures one subject of one row, in a process of its own: node one.mjs ROW SUBJECT time | bytes. One line of JSON.
import { allocatedBytes, expectStatus, time } from './lib/measure.mjs'
import { statusOf } from './lib/row.mjs'
import { rows } from './rows/index.mjs'

const [, , rowName, subjectName, what] = process.argv
const row = rows.find(({ name }) => name === rowName)
const made = await row.subjects[subjectName].make()

process.stdout.write(`${JSON.stringify(await result())}\n`)
process.exit(0)

async function result() {
  if (row.kind === 'value') return { value: made }
  await expectStatus(made, statusOf(row, subjectName))
  if (what === 'bytes') return { bytes: await allocatedBytes(made) }
  return time(made, row.inFlight === undefined ? {} : { inFlight: row.inFlight })
}
