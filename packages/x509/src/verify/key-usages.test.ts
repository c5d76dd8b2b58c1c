import { describe, expect, it } from 'vitest'
import {
  CLIENT_AUTH,
  extendedKeyUsage,
  issue,
  issueCa,
  issueClient,
  type Issued,
  SERVER_AUTH,
} from '../../test/certificates.ts'
import { type Question, refusalOf, verdictOn } from '../../test/chains.ts'
import { type Certificate, CertificateError } from '../index.ts'

const root = await issueCa({ subject: 'root' })
const intermediate = await issueCa({ subject: 'intermediate', issuer: root })
const below = await issueClient({ subject: 'jane', issuer: intermediate })

const verify = (leaf: Issued | Certificate, question: Partial<Question> = {}) =>
  verdictOn(leaf, { roots: [root], ...question })

const refusal = (leaf: Issued | Certificate, question: Partial<Question> = {}) =>
  refusalOf(leaf, { roots: [root], ...question })

describe('the purpose', () => {
  const withUsage = async (
    issuerUsages: readonly string[],
    leafUsages: readonly string[],
    keyUsages?: readonly string[],
  ) => {
    const usage = (usages: readonly string[]) => (usages.length === 0 ? [] : [extendedKeyUsage(...usages)])
    const issuer = await issueCa({ subject: 'CA', extensions: usage(issuerUsages) })
    const leaf = await issue({ issuer, extensions: usage(leafUsages) })
    const question = { roots: [issuer], ...(keyUsages !== undefined && { keyUsages }) }
    const verdict = await verdictOn(leaf, question)
    return verdict instanceof CertificateError ? verdict.message : 'accepted'
  }
  const INCOMPATIBLE = 'x509: certificate specifies an incompatible key usage'
  const ANY = '2.5.29.37.0'

  it.each([
    ['nothing in the way', [], [], undefined, 'accepted'],
    ['clients', [], [CLIENT_AUTH], undefined, 'accepted'],
    ['servers and clients', [], [SERVER_AUTH, CLIENT_AUTH], undefined, 'accepted'],
    ['anything', [], [ANY], undefined, 'accepted'],
    ['servers', [], [SERVER_AUTH], undefined, INCOMPATIBLE],
    ['something unknown', [], ['1.2.3'], undefined, INCOMPATIBLE],
    ['clients, under a CA for servers', [SERVER_AUTH], [CLIENT_AUTH], undefined, INCOMPATIBLE],
    ['nothing in particular, under a CA for servers', [SERVER_AUTH], [], undefined, INCOMPATIBLE],
    ['clients, under a CA for anything', [ANY], [CLIENT_AUTH], undefined, 'accepted'],
    ['servers where nothing is asked for', [], [SERVER_AUTH], [], 'accepted'],
    ['servers where anything is asked for', [], [SERVER_AUTH], [ANY], 'accepted'],
    ['servers where one of both is asked for', [], [SERVER_AUTH], [CLIENT_AUTH, SERVER_AUTH], 'accepted'],
    ['one of both on each level', [SERVER_AUTH], [CLIENT_AUTH], [CLIENT_AUTH, SERVER_AUTH], INCOMPATIBLE],
  ])('of a certificate for %s counts along the whole chain', async (_, ca, leaf, wanted, expected) => {
    expect(await withUsage(ca, leaf, wanted)).toBe(expected)
  })

  it('says more than why other ways led nowhere', async () => {
    const { keys } = intermediate
    const forServers = await issueCa({
      subject: 'intermediate',
      issuer: root,
      keys,
      extensions: [extendedKeyUsage(SERVER_AUTH)],
    })
    const expired = await issueCa({
      subject: 'intermediate',
      issuer: root,
      keys,
      notAfter: '2021-01-01T00:00:00Z',
    })
    expect((await refusal(below, { intermediates: [forServers, expired] })).message).toBe(INCOMPATIBLE)
    expect(await verify(below, { intermediates: [forServers, intermediate] })).toHaveLength(3)
  })
})
