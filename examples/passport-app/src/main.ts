import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { listen, printRecipes } from '@kube-authn-example/material'
import express from 'express'
import { createApp as after } from './after.ts'
import { createApp as before } from './before.ts'
import { createApp as inside } from './inside.ts'
import { prepareFiles } from './material.ts'
import { recipes } from './recipes.ts'

const folder = process.env['MATERIAL'] ?? fileURLToPath(new URL('../.material', import.meta.url))
const material = await prepareFiles(folder)
const files = { tokenFile: material.path('tokens.csv'), passwordFile: material.path('passwords.csv') }
const app = express()
app.use('/before', before(files))
app.use('/after', after(files))
app.use('/inside', inside(files))

const server = createServer(app)
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
server.maxHeadersCount = 0
const port = await listen(server, { port: Number(process.env['PORT'] ?? 3000) })
console.log('\nOne app in three versions. Paste a command; the expected answer is below it.\n')
printRecipes(recipes(material.secrets, `http://localhost:${port}`))
console.log(`Changes of ${files.tokenFile} take effect a moment later. Ctrl+C stops the app.`)
