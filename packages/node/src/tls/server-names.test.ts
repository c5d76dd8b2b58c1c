import { X509Certificate } from 'node:crypto'
import { createPki } from '@kube-authn/testing'
import { expect, it } from 'vitest'
import { certificateByName, type NamedCertificate, serverNamesOf } from './sni-certificates.ts'

const pki = await createPki()

async function certificateOf(hosts: readonly string[], commonName: string): Promise<X509Certificate> {
  const { chainPem } = await pki.issueServer({ hosts: [...hosts], commonName })
  return new X509Certificate(chainPem)
}

/** Without patterns its names are those in the certificate. */
async function named(
  content: string,
  hosts: readonly string[],
  ...patterns: readonly string[]
): Promise<NamedCertificate<string>> {
  const certificate = await certificateOf(hosts, 'no name of a server')
  return { certificate, patterns, names: serverNamesOf(certificate), content }
}

const byDefault = await certificateOf(['api.example.com'], 'default')

it.each<[string, readonly string[], readonly string[]]>([
  ['host.example.com', ['a.example.com'], ['host.example.com', 'a.example.com']],
  ['*.example.com', [], ['*.example.com']],
  ['*', [], ['*']],
  ['localhost', [], ['localhost']],
  ['127.0.0.1', ['127.0.0.1', 'a'], ['a']],
  ['kube apiserver', ['a'], ['a']],
  ['Upper', ['a'], ['a']],
  ['a..b', ['a'], ['a']],
  ['-a', ['a'], ['a']],
  ['*.*.example.com', ['a'], ['a']],
  ['', ['*.a', 'b'], ['*.a', 'b']],
  ['a'.repeat(64), ['b'], ['a'.repeat(64), 'b']],
])('the names of a certificate of %j for %j', async (commonName, hosts, names) => {
  expect(serverNamesOf(await certificateOf(hosts, commonName))).toEqual(names)
})

it('without other certificates it is the default one', () => {
  const choose = certificateByName(byDefault, [])
  for (const name of ['api.example.com', 'other', '', '__proto__']) expect(choose(name)).toBeUndefined()
})

it.each([
  ['foo.com', 'foo'],
  ['FOO.com', 'foo'],
  ['a.foo.com', 'wild'],
  ['A.Foo.Com', 'wild'],
  ['b.foo.com', 'b'],
  ['a.b.foo.com', undefined],
  ['.foo.com', 'wild'],
  ['api.example.com', undefined],
  ['own.example.com', 'own'],
  ['x.own.example.com', 'own'],
  ['hidden.example.com', 'foo'],
  ['nothing.example.com', undefined],
  ['__proto__', undefined],
  ['', undefined],
])('a client that wants %j gets %s', async (name, chosen) => {
  const choose = certificateByName(byDefault, [
    await named('wild', ['unrelated.example.com'], '*.foo.com'),
    await named('foo', ['hidden.example.com'], 'foo.com'),
    await named('b', ['b.foo.com']),
    await named('own', ['own.example.com', '*.own.example.com']),
  ])
  expect(choose(name)).toBe(chosen)
})

it('earlier certificates count more, and patterns more than names in certificates', async () => {
  const choose = certificateByName(byDefault, [
    await named('in the certificate', ['a.com', 'b.com', 'c.com']),
    await named('in the certificate too', ['b.com']),
    await named('pattern', ['x.com'], 'a.com', '*.d.com'),
    await named('pattern too', ['x.com'], 'a.com', 'A.D.com'),
  ])
  expect(['a.com', 'b.com', 'c.com', 'a.d.com', 'b.d.com'].map(choose)).toEqual([
    'pattern',
    'in the certificate',
    'in the certificate',
    'pattern too',
    'pattern',
  ])
})

it('a wildcard alone is for names of one label', async () => {
  const choose = certificateByName(byDefault, [await named('all', ['x.com'], '*')])
  expect(['localhost', 'a.b', 'api.example.com'].map(choose)).toEqual(['all', undefined, undefined])
})

it('the default certificate is not replaced where it has the name', async () => {
  const choose = certificateByName(byDefault, [await named('other', ['api.example.com'], 'x.com')])
  expect(choose('api.example.com')).toBeUndefined()
})
