import { AuthenticationError } from '@kube-authn/core'
import { optionProblems, withFurtherProblems } from '@kube-authn/core/internal'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeystoneGroup, KeystoneToken, KeystoneUser } from './token.ts'
import { acceptedUser, mappedUser } from './user.ts'
import {
  type KeystoneNameFormat,
  type KeystoneUserOptions,
  keystoneUserShape,
  userProblems,
} from './user-options.ts'

const jane: KeystoneUser = { id: 'u1', name: 'jane', domain: { id: 'default', name: 'Default' } }
const token: KeystoneToken = {
  expiresAt: '2026-11-25T04:18:24Z',
  expiresAtMs: 1_795_580_304_000,
  user: jane,
  project: { id: 'p1', name: 'app' },
  roles: ['reader', 'member'],
  isDelegated: false,
  isOfApplicationCredential: false,
}
const group = (name: string, domainId = 'default'): KeystoneGroup => ({ id: `id of ${name}`, name, domainId })

describe('acceptedUser', () => {
  it.each<[string, KeystoneUserOptions, Partial<KeystoneToken>]>([
    ['of the default domain', {}, {}],
    ['of the domain by id', { domain: { id: 'default' } }, {}],
    ['of the domain by name', { domain: { name: 'Default' } }, {}],
    ['of one of the domains', { domains: [{ id: 'x' }, { name: 'Default' }] }, {}],
    ['of any domain', { domains: 'all' }, { user: { ...jane, domain: { id: 'x', name: 'X' } } }],
    ['for no project', {}, { project: undefined }],
    ['for a project, where one is asked for', { requireProject: true }, {}],
    ['for a project that counts', { projects: ['p0', 'p1'] }, {}],
    ['for any project', { projects: 'any' }, {}],
    ['for any project or none', { projects: 'any' }, { project: undefined }],
  ])('lets pass who is %s', (_, options, changes) => {
    expect(acceptedUser({ ...token, ...changes }, options).name).toBe('jane')
  })

  it.each<[string, KeystoneUserOptions, Partial<KeystoneToken>]>([
    ['of another domain', { domain: { id: 'x' } }, {}],
    ['of a domain whose name is the id', { domain: { name: 'default' } }, {}],
    ['of a domain whose id is the name', { domain: { id: 'Default' } }, {}],
    ['of the default domain, where others are named', { domains: [{ id: 'x' }] }, {}],
    [
      'of a domain called __proto__',
      {},
      { user: { ...jane, domain: { id: '__proto__', name: '__proto__' } } },
    ],
    ['for no project, where one is asked for', { requireProject: true }, { project: undefined }],
    ['for no project, where some count', { projects: ['p1'] }, { project: undefined }],
    ['for another project', { projects: ['p0'] }, {}],
    ['for a project of that name', { projects: ['app'] }, {}],
    [
      'for no project, where any is asked for',
      { projects: 'any', requireProject: true },
      { project: undefined },
    ],
    ['a party that acts for the user', {}, { isDelegated: true }],
  ])('refuses who is %s', (_, options, changes) => {
    expect(() => acceptedUser({ ...token, ...changes }, options)).toThrow(
      expect.objectContaining({ code: 'rejected' }) as Error,
    )
  })
})

describe('mappedUser', () => {
  it.each<[KeystoneNameFormat, string, readonly string[]]>([
    ['{name}', 'jane', ['dev', 'p1']],
    ['{id}', 'u1', ['id of dev', 'p1']],
    ['{domainId}/{name}', 'default/jane', ['default/dev', 'p1']],
    ['{domainName}/{name}', 'Default/jane', ['Default/dev', 'p1']],
  ])('has the form %s', (form, username, groups) => {
    const options = { usernameFormat: form, groupsFormat: form }
    expect(mappedUser(jane, token, [group('dev')], options)).toMatchObject({ username, uid: 'u1', groups })
  })

  it('puts prefixes before what is of Keystone, and not before what the operator gives', () => {
    const options = {
      usernamePrefix: 'os:',
      groupsPrefix: 'os:',
      roleMappings: [{ role: 'member', groups: ['system:masters'] }],
    }
    expect(mappedUser(jane, token, [group('dev')], options)).toMatchObject({
      username: 'os:jane',
      groups: ['os:dev', 'os:p1', 'system:masters'],
    })
  })

  it('gives groups and names by role, in the order of the mappings; the last name counts', () => {
    const roleMappings = [
      { role: 'member', username: 'first', groups: ['b'] },
      { role: 'admin', username: 'never', groups: ['never'] },
      { role: 'reader', username: 'boss', groups: ['a', 'b'] },
      { role: 'reader' },
    ]
    expect(mappedUser(jane, token, [], { roleMappings })).toMatchObject({
      username: 'boss',
      uid: 'u1',
      groups: ['p1', 'b', 'a', 'b'],
    })
  })

  it('knows no roles but those in a project', () => {
    const roleMappings = [{ role: 'member', groups: ['admins'] }]
    const user = mappedUser(jane, { ...token, project: undefined }, [], { roleMappings })
    expect(user).toMatchObject({ username: 'jane', groups: [] })
    expect(Object.keys(user.extra)).toEqual([
      'alpha.kubernetes.io/identity/user/domain/id',
      'alpha.kubernetes.io/identity/user/domain/name',
    ])
  })

  it('leaves out groups of other domains', () => {
    expect(mappedUser(jane, token, [group('admins', 'evil'), group('dev')], {}).groups).toEqual(['dev', 'p1'])
  })

  it.each<[KeystoneUserOptions, readonly string[]]>([
    [{}, []],
    [{ domains: [{ id: 'default' }] }, []],
    [{ domains: [{ id: 'default' }, { name: 'Abroad' }], groupsFormat: '{id}' }, []],
    [{ domains: [{ id: 'default' }, { id: 'abroad' }], groupsFormat: '{id}' }, ['id of admins']],
    [
      { domains: [{ id: 'default' }, { id: 'abroad' }], groupsFormat: '{domainId}/{name}' },
      ['abroad/admins'],
    ],
    [{ domains: [{ id: 'default' }, { id: 'abroad' }], groupsFormat: '{domainName}/{name}' }, []],
    [{ domains: 'all', groupsFormat: '{domainId}/{name}' }, ['abroad/admins']],
    [{ domains: 'all', groupsFormat: '{domainName}/{name}' }, []],
  ])('with the options %j has of a group of another domain %j', (options, names) => {
    const user = mappedUser(jane, { ...token, project: undefined }, [group('admins', 'abroad')], options)
    expect(user.groups).toEqual(names)
  })

  it('leaves out groups that are of Kubernetes', () => {
    const groups = [group('system:masters'), group('system:'), group('systems'), group('System:masters')]
    expect(mappedUser(jane, token, groups, {}).groups).toEqual(['systems', 'System:masters', 'p1'])
    expect(mappedUser(jane, token, [group('tem:masters')], { groupsPrefix: 'sys' }).groups).toEqual(['sysp1'])
  })

  it.each<[string, KeystoneUser, KeystoneUserOptions]>([
    ['system:admin', { ...jane, name: 'system:admin' }, {}],
    ['system:anonymous', { ...jane, name: 'system:anonymous' }, {}],
    ['system:admin in two parts', { ...jane, name: 'tem:admin' }, { usernamePrefix: 'sys' }],
    [
      'system:x by the name of the domain',
      { ...jane, domain: { id: 'd', name: 'system:x' } },
      { usernameFormat: '{domainName}/{name}' },
    ],
    [
      'as another domain with a slash',
      { ...jane, domain: { id: 'd', name: 'a/b' } },
      { usernameFormat: '{domainName}/{name}' },
    ],
    [
      'as another id with a slash',
      { ...jane, domain: { id: 'a/b', name: 'd' } },
      { usernameFormat: '{domainId}/{name}' },
    ],
  ])('refuses a user who would be named %s', (_, user, options) => {
    expect(() => mappedUser(user, token, [], options)).toThrow(
      expect.objectContaining({ code: 'rejected' }) as Error,
    )
  })

  it('lets a mapping rename a user with a reserved name', () => {
    const roleMappings = [{ role: 'member', username: 'system:kube-controller-manager' }]
    const user = { ...jane, name: 'system:admin' }
    expect(mappedUser(user, token, [], { roleMappings }).username).toBe('system:kube-controller-manager')
  })

  it('never gives two users the same name where forms tell domains apart', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '/', ':', '{name}', 'system:'),
      minLength: 1,
      maxLength: 4,
    })
    const person = fc.record({ id: text, name: text, domain: fc.record({ id: text, name: text }) })
    const form = fc.constantFrom<KeystoneNameFormat[]>('{domainName}/{name}', '{domainId}/{name}', '{id}')
    fc.assert(
      fc.property(person, person, form, (one, other, username) => {
        const isSame = {
          '{domainName}/{name}': one.name === other.name && one.domain.name === other.domain.name,
          '{domainId}/{name}': one.name === other.name && one.domain.id === other.domain.id,
          '{id}': one.id === other.id,
          '{name}': false,
        }[username]
        const names = [one, other].map((user) => nameOf(user, username))
        if (names.includes(undefined)) return
        expect(names[0] === names[1]).toBe(isSame)
      }),
      { numRuns: 2000 },
    )
  })
})

function nameOf(user: KeystoneUser, usernameFormat: KeystoneNameFormat): string | undefined {
  try {
    return mappedUser(user, token, [], { usernameFormat }).username
  } catch (error) {
    expect(error).toBeInstanceOf(AuthenticationError)
    return undefined
  }
}

describe('userProblems', () => {
  const every = { usernameFormat: '{domainName}/{name}', groupsFormat: '{id}' } as const

  it.each<[string, KeystoneUserOptions]>([
    ['nothing', {}],
    ['one domain', { domains: [{ name: 'Sales' }] }],
    ['all domains, told apart', { ...every, domains: 'all' }],
    ['several domains, told apart', { ...every, domains: [{ id: 'a' }, { id: 'b' }] }],
    ['all domains without groups', { usernameFormat: '{id}', requestGroups: false, domains: 'all' }],
    ['projects', { projects: ['p1'], requireProject: true }],
    ['any project', { projects: 'any', requireProject: false }],
    [
      'mappings',
      { projects: 'any', roleMappings: [{ role: 'r' }, { role: 'r', groups: ['g'], username: 'u' }] },
    ],
  ])('finds none in %s', (_, options) => {
    expect(userProblems(options)).toEqual([])
  })

  it.each<[string, object, readonly string[]]>([
    ['domains that names do not tell apart', { domains: 'all' }, ['usernameFormat', 'groupsFormat']],
    [
      'two domains that names do not tell apart',
      { domains: [{ id: 'a' }, { id: 'b' }] },
      ['usernameFormat', 'groupsFormat'],
    ],
    ['groups that names do not tell apart', { domains: 'all', usernameFormat: '{id}' }, ['groupsFormat']],
    ['no domains', { domains: [] }, ['domains']],
    ['a domain that is null', { domain: null }, ['domain']],
    ['a domain that is a text', { domain: 'default' }, ['domain']],
    ['a domain without anything', { domain: {} }, ['domain']],
    ['a domain with both', { domain: { id: 'a', name: 'b' } }, ['domain']],
    ['a domain with something else', { domain: { realm: 'a' } }, ['domain']],
    ['a domain whose id is a number', { domain: { id: 1 } }, ['domain']],
    ['one of the domains', { domains: [{ id: '' }] }, ['domains[0]']],
    ['no projects', { projects: [] }, ['projects']],
    ['an empty project', { projects: [''] }, ['projects']],
    ['projects that need not be', { projects: ['p'], requireProject: false }, ['requireProject']],
    ['another form', { usernameFormat: '{email}' }, ['usernameFormat']],
    ['a form of the prototype', { groupsFormat: '__proto__' }, ['groupsFormat']],
    [
      'a prefix of Kubernetes',
      { usernamePrefix: 'system:', groupsPrefix: 'system:os:' },
      ['usernamePrefix', 'groupsPrefix'],
    ],
    ['mappings of roles in any project', { roleMappings: [{ role: 'r' }] }, ['projects']],
    [
      'a mapping of nothing',
      { projects: 'any', roleMappings: [{ role: '' }, {}] },
      ['roleMappings[0].role', 'roleMappings[1].role'],
    ],
    [
      'a mapping to nothing',
      { projects: ['p'], roleMappings: [{ role: 'r', groups: [''], username: '' }] },
      ['roleMappings[0].groups', 'roleMappings[0].username'],
    ],
  ])('finds what is wrong with %s', (_, options, paths) => {
    expect(
      withFurtherProblems(
        optionProblems(keystoneUserShape, options),
        options as KeystoneUserOptions,
        userProblems,
      ).map(({ path }) => path),
    ).toEqual(paths)
  })
})
