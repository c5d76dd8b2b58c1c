import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/command.md'), 'utf8')

const printed = (...args: readonly string[]): string =>
  execFileSync(process.execPath, [join(root, 'packages/server/dist/cli/main.js'), ...args], {
    encoding: 'utf8',
    env: {},
  }).trim()

/** The commands that help lists: `check`, `create token`. */
function commandsIn(...parents: readonly string[]): readonly string[] {
  const [, list = ''] = printed(...parents, '--help').split('\nCommands:\n')
  const names = [...(list.split('\n\n')[0] ?? '').matchAll(/^ {2}([\w-]+)/gm)].map(([, name = '']) => name)
  return names
    .filter((name) => name !== 'help')
    .flatMap((name) => {
      const command = [...parents, name]
      const below = printed(...command, '--help').includes('\nCommands:\n') ? commandsIn(...command) : []
      return below.length > 0 ? below : [command.join(' ')]
    })
}

const commands = commandsIn()

it('has a section for each command', () => {
  expect(commands.length).toBeGreaterThan(0)
  expect(
    [...page.matchAll(/^## ([\w -]+)$/gm)].map(([, name]) => name).filter((name) => name !== 'Overview'),
  ).toEqual(commands)
})

it.each(['', ...commands])('has what `kube-authn %s --help` prints', (command) => {
  const args = command === '' ? [] : command.split(' ')
  expect(page).toContain(`\`\`\`text\n${printed(...args, '--help')}\n\`\`\`\n`)
})
