import { describe, expect, it } from 'vitest'
import { issueCa, issueClient, nameConstraints, subjectAltName } from '../../test/certificates.ts'
import { refusalOf, verdictOn } from '../../test/chains.ts'
import { CertificateError } from '../index.ts'

interface Constraints {
  readonly permitted?: readonly string[]
  readonly excluded?: readonly string[]
}

/** What becomes of a leaf with these names under a CA with these constraints. */
async function outcome(constraints: Constraints, names: readonly string[], critical = true): Promise<string> {
  const ca = await issueCa({ extensions: [nameConstraints(constraints, critical)] })
  const extensions = names.length === 0 ? [] : [subjectAltName(...names)]
  const leaf = await issueClient({ issuer: ca, extensions })
  const verdict = await verdictOn(leaf, { roots: [ca] })
  return verdict instanceof CertificateError ? verdict.message : 'accepted'
}

const refused = (why: string): string =>
  `x509: a root or intermediate certificate is not authorized to sign for this name: ${why}`
const ACCEPTED = 'accepted'
const excluded = (kind: string): string => refused(`${kind} is excluded by a constraint`)
const notPermitted = (kind: string): string => refused(`${kind} is not permitted by any constraint`)
const unmatched = (kind: string): string => refused(`${kind} cannot be matched against constraints`)

describe('a CA with name constraints', () => {
  it.each<readonly [Constraints, readonly string[], string]>([
    [{ permitted: ['dns:example.com'] }, [], ACCEPTED],
    [{ permitted: ['dns:example.com'] }, ['dns:a.example.com'], ACCEPTED],
    [{ permitted: ['dns:example.com'] }, ['dns:example.com', 'dns:example.org'], notPermitted('DNS name')],
    [{ permitted: ['dns:example.org', 'dns:example.com'] }, ['dns:example.com'], ACCEPTED],
    [{ permitted: ['dns:example.com'] }, ['dns:*.example.com'], ACCEPTED],
    [{ permitted: ['dns:a.example.com'] }, ['dns:*.example.com'], notPermitted('DNS name')],
    [{ permitted: ['dns:example.com'] }, ['email:a@example.org'], ACCEPTED],
    [{ permitted: ['email:example.com'] }, ['dns:a..b'], unmatched('DNS name')],
    [{ excluded: ['dns:example.com'] }, ['dns:a.example.com'], excluded('DNS name')],
    [{ excluded: ['dns:a.example.com'] }, ['dns:*.example.com'], excluded('DNS name')],
    [{ excluded: ['dns:a.example.com'] }, ['dns:*.example.org'], ACCEPTED],
    [{ excluded: ['dns:'] }, ['dns:a'], excluded('DNS name')],
    [
      { permitted: ['dns:example.com'], excluded: ['dns:a.example.com'] },
      ['dns:a.example.com'],
      excluded('DNS name'),
    ],
    [{ permitted: ['email:example.com'] }, ['email:a@example.com'], ACCEPTED],
    [{ permitted: ['email:example.com'] }, ['email:a@www.example.com'], ACCEPTED],
    [{ permitted: ['email:.example.com'] }, ['email:a@example.com'], notPermitted('email address')],
    [{ permitted: ['email:a@example.com'] }, ['email:a@Example.com'], ACCEPTED],
    [{ permitted: ['email:a@example.com'] }, ['email:b@example.com'], notPermitted('email address')],
    [{ excluded: ['email:a@example.com'] }, ['email:"a"@example.com'], excluded('email address')],
    [{ permitted: ['dns:example.com'] }, ['email:nobody'], unmatched('email address')],
    [{ permitted: ['uri:example.com'] }, ['uri:https://a.example.com:80/'], ACCEPTED],
    [{ permitted: ['uri:example.com'] }, ['uri:https://example.org/'], notPermitted('URI')],
    [{ excluded: ['uri:example.com'] }, ['uri:https://u@example.com/'], excluded('URI')],
    [{ excluded: ['uri:example.com'] }, ['uri:https://10.0.0.1/'], unmatched('URI')],
    [{ excluded: ['uri:example.com'] }, ['uri:urn:a'], unmatched('URI')],
    [{ permitted: ['uri:example.com'] }, ['uri:https://10.0.0.1:80/'], unmatched('URI')],
    ...[
      'urn:a',
      'https:///a',
      'a',
      'https://10.0.0.1/',
      'https://u@10.0.0.1:80/',
      'https://[::1]/',
      'https://[::1]:80/',
    ].flatMap((uri): [Constraints, readonly string[], string][] =>
      [
        { permitted: ['dns:example.com'] },
        { excluded: ['email:example.com'] },
        { permitted: ['ip:10.0.0.0.255.0.0.0'] },
      ].map((constraints) => [constraints, [`uri:${uri}`], unmatched('URI')]),
    ),
    [{ permitted: ['dns:example.com'] }, ['uri:https://example.org/'], ACCEPTED],
    [{ permitted: ['ip:10.0.0.0.255.0.0.0'] }, ['ip:10.1.2.3'], ACCEPTED],
    [{ permitted: ['ip:10.0.0.0.255.0.0.0'] }, ['ip:11.1.2.3'], notPermitted('IP address')],
    [{ excluded: ['ip:10.0.0.0.255.0.0.0'] }, ['ip:10.1.2.3'], excluded('IP address')],
  ])('%j signs for %j: %s', async (constraints, names, expected) => {
    expect(await outcome(constraints, names)).toBe(expected)
  })

  it('of an unsupported kind permits no name, critical or not', async () => {
    const constraints = { permitted: ['directory:x'] }
    expect(await outcome(constraints, [], true)).toBe('x509: unhandled critical extension')
    expect(await outcome(constraints, [], false)).toBe(
      refused('a constraint on names of an unsupported kind'),
    )
  })

  it('binds also the CAs below', async () => {
    const constraints = nameConstraints({ excluded: ['dns:example.com'] })
    const root = await issueCa({ subject: 'root', extensions: [constraints] })
    const middle = await issueCa({
      subject: 'middle',
      issuer: root,
      extensions: [subjectAltName('dns:example.com')],
    })
    const leaf = await issueClient({ issuer: middle })
    const refusal = await refusalOf(leaf, { roots: [root], intermediates: [middle] })
    expect(refusal.message).toBe(excluded('DNS name'))
  })

  it('never cause more than 250,000 comparisons', async () => {
    const hosts = (count: number) => Array.from({ length: count }, (_, number) => `dns:h${number}.a`)
    const constraints = { excluded: Array.from({ length: 1000 }, (_, number) => `dns:x${number}.b`) }
    expect(await outcome(constraints, hosts(249))).toBe(ACCEPTED)
    expect(await outcome(constraints, hosts(251))).toBe('x509: too many name constraint comparisons')
  })
})
