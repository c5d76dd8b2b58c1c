import { describe, expect, it } from 'vitest'
import { controllersProblems, isSelected, STANDARD_CONTROLLERS } from './standard-controllers.ts'

const cleaner = { name: 'token-cleaner-controller', aliases: ['tokencleaner'], isOnByDefault: false }
const roles = {
  name: 'clusterrole-aggregation-controller',
  aliases: ['clusterrole-aggregation'],
  isOnByDefault: true,
}

describe('--controllers', () => {
  it.each<[readonly string[], boolean, boolean]>([
    [['*'], false, true],
    [[], false, false],
    [['*', 'tokencleaner'], true, true],
    [['tokencleaner', '*'], true, true],
    [['token-cleaner-controller'], true, false],
    [['*', 'bootstrapsigner', 'token-cleaner-controller'], true, true],
    [['*', '-clusterrole-aggregation'], false, false],
    [['-clusterrole-aggregation-controller', '*'], false, false],
    [['-tokencleaner', 'tokencleaner', '*'], false, true],
    [['tokencleaner', '-tokencleaner'], true, false],
  ])('%j: the token cleaner %s, the aggregation of roles %s', (values, isCleaner, isRoles) => {
    expect([isSelected(cleaner, values), isSelected(roles, values)]).toEqual([isCleaner, isRoles])
  })

  it.each([
    [['*', 'tokencleaner', '-bootstrap-signer-controller'], []],
    [['tokencleanr'], ['"tokencleanr" is no controller: did you mean tokencleaner?']],
    [['-Tokencleaner'], ['"-Tokencleaner" is no controller: did you mean tokencleaner?']],
    [
      ['__proto__', ''],
      [expect.stringContaining('"__proto__"'), expect.stringContaining('"" is no controller: they are ')],
    ],
    [['**'], [expect.stringContaining('"**"')]],
    [['x'.repeat(10_000)], [expect.stringMatching(/^.{10,900}$/)]],
  ])('%j has the problems %j', (values, problems) => {
    expect(controllersProblems(STANDARD_CONTROLLERS, values)).toEqual(problems)
  })

  it('has one name for each controller, which no other has', () => {
    const names = STANDARD_CONTROLLERS.flatMap(({ name, aliases }) => [name, ...aliases])
    expect(new Set(names).size).toBe(names.length)
  })
})
