import { describe, expect, it } from 'vitest'
import { seeded, type Random } from '../../fuzz/lib/random.mjs'
import { authenticationQuestion } from './areas/authentication.ts'
import { authorizationQuestion } from './areas/authorization.ts'
import { impersonationQuestion } from './areas/impersonation.ts'
import { requestInfoQuestion } from './areas/request-info.ts'
import { celQuestion } from './cel/expressions.ts'
import { TOKENS } from './tokens.ts'

type Draw = (random: Random, index: number, ofBatch: Random) => unknown

const GENERATORS: readonly (readonly [string, Draw])[] = [
  ['authentication', authenticationQuestion],
  ['authorization', authorizationQuestion],
  ['impersonation', impersonationQuestion],
  ['request-info', requestInfoQuestion],
  ['cel', celQuestion],
]

function drawn(draw: Draw, seed: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify(draw(seeded(`${seed}/${index}`), index, seeded(`${seed}/batch ${index >> 5}`))),
  )
}

describe.each(GENERATORS)('questions about %s', (_, draw) => {
  it('are the same for the same seed, and others for another one', () => {
    expect(drawn(draw, '1', 50)).toEqual(drawn(draw, '1', 50))
    expect(drawn(draw, '1', 50)).not.toEqual(drawn(draw, '2', 50))
  })

  it('hardly repeat', () => {
    expect(new Set(drawn(draw, '1', 400)).size).toBeGreaterThan(250)
  })
})

/** What is in the JSON of some questions. */
const CONTENTS: readonly (readonly [string, Draw, string])[] = [
  [
    'certificates, ~ tokens ~ of ~ both ~ headers, ~ and ~ headers ~ of ~ a ~ proxy',
    authenticationQuestion,
    '"cert":"proxy-good" ~ "cert":"expired" ~ "Bearer tok-jane" ~ "Basic ~ base64url.bearer ~ "Upgrade" ~ "X-Remote-User","bob" ~ X-Remote-Extra-%2F ~ X_Remote_ ~ "headers":[]',
  ],
  [
    'resources, subresources, names and paths, with and without a namespace',
    authorizationQuestion,
    '"subresource":"log" ~ "namespace":"policy-a" ~ "nonResourceAttributes" ~ "verb":"*" ~ "name":"web" ~ "system:masters" ~ "user":"system:serviceaccount:policy-a:web" ~ "kind":"RoleBinding" ~ differential:missing ~ rawSelector',
  ],
  [
    'users, groups, uids and extra fields, of requesters with rights of both modes',
    impersonationQuestion,
    '"Impersonate-User","system:node:n1" ~ "Impersonate-User","system:serviceaccount: ~ "Impersonate-Group","system:masters" ~ Impersonate-Uid ~ Impersonate-Extra-scopes ~ "may:users" ~ "may:c-users" ~ "may:on-user-review" ~ "may:everything" ~ node-name',
  ],
  [
    'resources of all forms, selectors, watches, and odd paths',
    requestInfoQuestion,
    '/apis/apps/v1/namespaces/shop/pods ~ fieldSelector=metadata.name%3Dweb ~ labelSelector= ~ watch=true ~ /exec ~ /proxy/http ~ %2F ~ "target":"/./api ~ "method":"DELETE" ~ http://h',
  ],
  [
    'every library, over claims and users',
    celQuestion,
    'claims. ~ user. ~ .map( ~ transformMapEntry ~ optMap ~ sets. ~ cidr( ~ quantity( ~ semver( ~ url( ~ format. ~ .matches( ~ timestamp( ~ duration( ~ .format( ~ sortBy ~ __dot__',
  ],
]

describe('questions', () => {
  it.each(CONTENTS)('have %s', (_, draw, contents) => {
    const all = drawn(draw, '1', 2500)
    const missing = contents.split(' ~ ').filter((part) => !all.some((each) => each.includes(part)))
    expect(missing).toEqual([])
  })

  it('use every token of the token file', () => {
    const all = drawn(authenticationQuestion, '1', 2500)
    expect(
      TOKENS.filter((token) => !all.some((each) => each.includes(JSON.stringify(token).slice(1, -1)))),
    ).toEqual([])
  })

  it('have the policy of their batch', () => {
    const policies = drawn(authorizationQuestion, '1', 96).map((each) =>
      JSON.stringify((JSON.parse(each) as { readonly policy: unknown }).policy),
    )
    expect(new Set(policies.slice(0, 32)).size).toBe(1)
    expect(new Set(policies).size).toBe(3)
  })
})
