// Runs the command once for each list of arguments of a JSON file, in one process. A line `# INDEX` follows the output of each.
//
// usage: node run-many.mjs FILE
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

// A server that finds no fault with its files ends at its port.
const taken = createServer().listen(0, '127.0.0.1')
await new Promise((resolve) => taken.once('listening', resolve))
const port = String(taken.address().port)
process.setMaxListeners(0)
process.stdout.setMaxListeners(0)
process.stderr.setMaxListeners(0)
for (const [index, args] of JSON.parse(readFileSync(process.argv[2], 'utf8')).entries()) {
  process.argv = ['node', 'kube-authn', ...args.map((each) => each.replace('TAKEN_PORT', port))]
  // Another query is another module, which runs its command.
  await import(`../dist/cli/main.js?${index}`)
  await new Promise((resolve) => process.stderr.write(`exit code ${process.exitCode}\n# ${index}\n`, resolve))
}
process.exit(0)
