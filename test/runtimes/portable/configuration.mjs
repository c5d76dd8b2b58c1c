import { celCompiler } from '@kube-authn/cel/kubernetes'
import { authenticationConfiguration } from '@kube-authn/core/configuration'
import { createIssuer } from '@kube-authn/testing'
import { checksOf } from './check.mjs'
import { expectEqual, expectText, thrownBy } from './expect.mjs'
import { whoseToken } from './requests.mjs'

const celCheck = checksOf('cel')
const evaluate = (expression, claims) => celCompiler().compile('claims', expression).evaluate(claims)

celCheck('computes over strings, numbers and times', () => {
  for (const [expression, expected] of [
    ['claims.a + "b"', 'ab'],
    ['claims.n + 1.0', 3],
    ['size(claims.a)', 1n],
    ['claims.?absent.orValue("none")', 'none'],
    ['claims.a.upperAscii()', 'A'],
    ['timestamp("2030-01-01T00:00:00Z").getFullYear()', 2030n],
  ]) {
    expectEqual(evaluate(expression, { a: 'a', n: 2 }), expected)
  }
})

celCheck('computes over lists', () => {
  for (const [expression, expected] of [
    ['claims.list.exists(x, x == "y")', true],
    ['claims.list.map(x, x + "z")[1]', 'yz'],
    ['"x" in claims.list', true],
    ['claims.list + ["z"] == ["x", "y", "z"]', true],
    ['claims.a.split(",")[0]', 'a'],
  ]) {
    expectEqual(evaluate(expression, { a: 'a,b', list: ['x', 'y'] }), expected)
  }
})

celCheck('gives lists to functions', () => {
  for (const [expression, expected] of [
    ['size(claims.list)', 2n],
    ['sets.contains(claims.list, ["x"])', true],
  ]) {
    expectEqual(evaluate(expression, { list: ['x', 'y'] }), expected)
  }
})

celCheck('matches as RE2 does, in a time that does not explode', () => {
  expectEqual(evaluate('claims.a.matches("^(a+)+$")', { a: 'a'.repeat(100) }), true)
  expectEqual(evaluate('claims.a.matches("^(a+)+$")', { a: `${'a'.repeat(5000)}!` }), false)
  expectEqual(evaluate('claims.a.matches("(?i)^JANE$")', { a: 'jane' }), true)
})

celCheck('refuses what RE2 and cel-go refuse', async () => {
  for (const expression of ['claims.a.matches("(?=a)")', 'claims.', 'user.username', '"a" + 1']) {
    expectEqual((await thrownBy(() => celCompiler().compile('claims', expression))).name, 'CelCompileError')
  }
  expectEqual((await thrownBy(() => evaluate('claims.absent', {}))).name, 'CelEvaluationError')
})

const check = checksOf('authentication configuration')

const configOf = (issuer, expression) => `
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer:
    url: ${issuer.url}
    audiences: [app]
  claimMappings:
    username:
      expression: ${expression}
`

async function worldOf() {
  const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
  const text = configOf(issuer, `'"a:" + claims.sub'`)
  const tokens = authenticationConfiguration(text, { fetchFor: () => issuer.fetch, compiler: celCompiler() })
  return { issuer, tokens, token: await issuer.sign({ aud: 'app', sub: 'jane' }) }
}

check('is read from YAML, and knows the users of its issuers', async () => {
  const { tokens, token } = await worldOf()
  expectEqual((await whoseToken(tokens, token)).username, 'a:jane')
})

check('counts anew after an update, and stays as it was after a bad one', async () => {
  const { issuer, tokens, token } = await worldOf()
  await tokens.update(configOf(issuer, `'"b:" + claims.sub'`))
  expectEqual((await whoseToken(tokens, token)).username, 'b:jane')
  await tokens.update(configOf(issuer, `'claims.'`)).catch(() => {})
  expectEqual((await whoseToken(tokens, token)).username, 'b:jane')
})

check('is refused with the path of what is wrong', async () => {
  const error = await thrownBy(() =>
    authenticationConfiguration(configOf({ url: 'http://issuer.example.com' }, `'claims.'`)),
  )
  expectText(error.message, 'jwt[0].issuer.url')
  expectText(error.message, 'jwt[0].claimMappings.username.expression')
})

check(
  'compiles expressions by itself, or asks for a compiler where it would make every bundle larger',
  async () => {
    const text = configOf({ url: 'https://issuer.example.com' }, `'"a:" + claims.sub'`)
    const fetchFor = () => () => Promise.reject(new Error('not reached'))
    const error = await thrownBy(() => {
      authenticationConfiguration(text, { fetchFor })
      throw new Error('compiled')
    })
    expectText(error.message, isBundledForTheEdge() ? 'pass celCompiler()' : 'compiled')
  },
)

/** Workers, and Vercel's edge, which is based on them. */
function isBundledForTheEdge() {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers' || globalThis.EdgeRuntime !== undefined
}
