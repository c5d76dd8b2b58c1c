import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { STANDARD_CONTROLLERS } from '../../packages/server/src/controllers/standard-controllers.ts'

const page = readFileSync(new URL('../../docs/tokens.md', import.meta.url), 'utf8')

it('lists every controller, with its names, its option, and whether it is on by default', () => {
  const rows = page.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim().replaceAll('`', ''))
    return cells[1]?.includes('-controller, ') === true ? [cells] : []
  })
  const listed = rows.map(([, names, , needs, isOn]) => `${names}; ${needs}; ${isOn}`)
  const expected = STANDARD_CONTROLLERS.map(
    ({ name, aliases, needs = '', isOnByDefault = true }) =>
      `${[name, ...aliases].join(', ')}; ${needs}; ${isOnByDefault ? 'yes' : 'no'}`,
  )
  expect(listed.toSorted()).toEqual(expected.toSorted())
})
