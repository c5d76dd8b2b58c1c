// Serves a bundle on Vercel's edge runtime, in this process.
//
// usage: node hosts/edge-runtime.mjs EDGE_RUNTIME BUNDLE; prints the port
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [, , edgeRuntime = '', bundle = ''] = process.argv
const { EdgeRuntime, runServer } = await import(pathToFileURL(edgeRuntime).href)
const runtime = new EdgeRuntime({
  initialCode: readFileSync(bundle, 'utf8'),
  codeGeneration: { strings: false, wasm: false },
})
const { url } = await runServer({ runtime, host: '127.0.0.1', port: 0 })
console.log(new URL(url).port)
