// Expressions over the claims of a token, as an AuthenticationConfiguration has them: compiled once, and evaluated for each token.
import { celEnv, parse, plan } from '@bufbuild/cel'
import { celCompiler } from '@kube-authn/cel/kubernetes'
import { ours, peer, valueRow } from '../lib/row.mjs'

const claims = {
  sub: '1234',
  username: 'jane',
  groups: ['dev', 'ops'],
  email: 'jane@example.com',
  email_verified: true,
  roles: 'r1,r2,r3',
  realm_access: { roles: ['r1', 'r2', 'r3'] },
  exp: 1_767_225_600,
  nbf: 1_767_222_000,
  amr: ['pwd', 'mfa'],
  hd: 'example.com',
  'kubernetes.io': { namespace: 'default', pod: { name: 'p' } },
  is_admin: false,
}

const EXPRESSIONS = [
  'claims.sub == "1234"',
  'claims.username + ":external-user"',
  'claims.groups',
  'has(claims.email) && claims.email_verified',
  'claims.roles.split(",").map(r, "kc:" + r)',
  'claims.realm_access.roles.all(r, !r.startsWith("system:"))',
  'claims.exp - claims.nbf <= 86400.0',
  '"mfa" in claims.amr && claims.hd == "example.com"',
  'claims["kubernetes.io"].pod.name != "" ? claims["kubernetes.io"].namespace : claims.sub',
  'claims.realm_access.roles.exists(r, r in ["r2", "admin"]) || claims.is_admin == true',
]
/** `@bufbuild/cel` has no `split`. */
const OF_ALL = EXPRESSIONS.filter((expression) => !expression.includes('split'))

const WARM_UP = 2000
const TIMES = 2000
const SAMPLES = 7

/** The CPU time of an operation in µs: the best of some samples. */
function best(operation) {
  for (let time = 0; time < WARM_UP; time++) operation()
  const samples = Array.from({ length: SAMPLES }, () => {
    const before = process.cpuUsage()
    for (let time = 0; time < TIMES; time++) operation()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / TIMES
  })
  return Math.min(...samples)
}

function checked(value) {
  if (value instanceof Error) throw value
  return value
}

/** All expressions, one after the other. */
const evaluation = {
  ours: (expressions) => () => {
    const compiler = celCompiler()
    const programs = expressions.map((each) => compiler.compile('claims', each))
    return best(() => {
      for (const program of programs) program.evaluate(claims)
    })
  },
  bufbuild: (expressions) => () => {
    const environment = celEnv()
    const programs = expressions.map((each) => plan(environment, parse(each)))
    return best(() => {
      for (const program of programs) checked(program({ claims }))
    })
  },
}

const compilation = {
  ours: (expressions) => () => {
    const compiler = celCompiler()
    return best(() => {
      for (const each of expressions) compiler.compile('claims', each)
    })
  },
  bufbuild: (expressions) => () => {
    const environment = celEnv()
    return best(() => {
      for (const each of expressions) plan(environment, parse(each))
    })
  },
}

export const celRows = [
  valueRow(
    '9 CEL expressions, evaluated',
    { unit: 'µs', figure: 'least' },
    { 'kube-authn': ours(evaluation.ours(OF_ALL)), '@bufbuild/cel': peer(evaluation.bufbuild(OF_ALL)) },
  ),
  valueRow(
    '9 CEL expressions, compiled',
    { unit: 'µs', figure: 'least' },
    // `@bufbuild/cel` checks no types.
    { 'kube-authn': ours(compilation.ours(OF_ALL)), '@bufbuild/cel': peer(compilation.bufbuild(OF_ALL)) },
  ),
]
