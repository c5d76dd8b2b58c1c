// Prints exports that differ by the way in which an app loads them.
const { readdirSync } = require('node:fs')
const { join } = require('node:path')

async function main() {
  const different = []
  let compared = 0
  const scope = join(__dirname, 'node_modules/@kube-authn')
  for (const folder of readdirSync(scope)) {
    const { name, exports } = require(`@kube-authn/${folder}/package.json`)
    for (const entry of Object.keys(exports)) {
      if (entry === './package.json') continue
      const id = name + entry.slice(1)
      const required = require(id)
      const imported = await import(id)
      for (const key of new Set([...Object.keys(required), ...Object.keys(imported)])) {
        compared++
        if (required[key] !== imported[key]) different.push(`${id} ${key}`)
      }
    }
  }
  process.stdout.write(JSON.stringify({ compared, different }))
}

void main()
