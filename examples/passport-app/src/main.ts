import type { AddressInfo } from 'node:net'
import express from 'express'
import { createApp as after } from './after.ts'
import { createApp as before } from './before.ts'
import { makeFiles } from './files.ts'
import { createApp as inside } from './inside.ts'
import { recipes } from './recipes.ts'

const { files, secrets } = makeFiles()
const app = express()
app.use('/before', before(files))
app.use('/after', after(files))
app.use('/inside', inside(files))

const server = app.listen(Number(process.env['PORT'] ?? 3000), 'localhost', () => {
  const { port } = server.address() as AddressInfo
  console.log('\nOne app in three versions. Paste a command; the expected answer is below it.\n')
  for (const { title, command, answer } of recipes(secrets, `http://localhost:${port}`)) {
    console.log(`# ${title}\n${command}\n#=> ${answer}\n`)
  }
  console.log(`Changes of ${files.tokenFile} take effect a moment later. Ctrl+C stops the app.`)
})
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
server.maxHeadersCount = 0
