import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { run } from '../../packages/server/test/command.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/command.md'), 'utf8')

async function help(command: readonly string[]): Promise<string> {
  const { stdout } = await run([...command, '--help'])
  return stdout.trim()
}

/** The commands that help lists: `check`, `create token`. */
async function commandsIn(parents: readonly string[] = []): Promise<readonly string[]> {
  const [, list] = (await help(parents)).split('\nCommands:\n')
  if (list === undefined) return [parents.join(' ')]
  const names = [...(list.split('\n\n')[0] ?? '').matchAll(/^ {2}([\w-]+)/gm)].map(([, name = '']) => name)
  const found = names.filter((name) => name !== 'help').map((name) => commandsIn([...parents, name]))
  return (await Promise.all(found)).flat()
}

const commands = await commandsIn()

it('has a section for each command', () => {
  expect(commands.length).toBeGreaterThan(0)
  expect(
    [...page.matchAll(/^## ([\w -]+)$/gm)].map(([, name]) => name).filter((name) => name !== 'Overview'),
  ).toEqual(commands)
})

it.each(['', ...commands])('has what `kube-authn %s --help` prints', async (command) => {
  const printed = await help(command.split(' ').filter((word) => word !== ''))
  expect(page).toContain(`\`\`\`text\n${printed}\n\`\`\`\n`)
})
