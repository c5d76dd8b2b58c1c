// Writes what `kube-authn COMMAND --help` prints into docs/command.md: into the first block of `text` of each section. Run after a build.
//
// usage: node .ci/command-page.mjs
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = `${root}docs/command.md`

const help = (command) =>
  execFileSync(process.execPath, [`${root}packages/server/dist/cli/main.js`, ...command, '--help'], {
    encoding: 'utf8',
    env: {},
  }).trim()

const sections = readFileSync(page, 'utf8').split(/^(?=## )/m)
const written = sections.map((section) => {
  const [, heading] = /^## ([\w -]+)$/m.exec(section) ?? []
  if (heading === undefined) return section
  const command = heading === 'Overview' ? [] : heading.split(' ')
  return section.replace(/^```text\n[^]*?^```$/m, () => `\`\`\`text\n${help(command)}\n\`\`\``)
})
writeFileSync(page, written.join(''))
