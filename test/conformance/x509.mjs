/**
 * Runs chain-validation cases and compares with Go's verdicts: `node test/conformance/x509.mjs`.
 *
 * The cases are data of third parties and not part of this repository. They are read from `KUBE_AUTHN_X509_CASES` or, by default,
 * from `shared/x509/cases.ndjson` beside it: one JSON object per line with `id`, `eku`, `time`, `roots`, `inters`, `leaf` (DER in
 * base64) and `go`, the verdict of Go's `crypto/x509`.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  CertificateError,
  certificatePoolOf,
  ExtendedKeyUsage,
  parseCertificate,
  verifyCertificateChain,
} from '@kube-authn/x509'

/** Cases with intended differences, and why: `docs/x509.md`. */
const DELIBERATE = new Map([
  [
    'limbo/cve::cve-2025-61727',
    'a wildcard may stand for a name in an excluded subtree, which Go 1.24 overlooks (CVE-2025-61727)',
  ],
  [
    'bettertls-nameconstraints/tc8851',
    'a URI whose host is an address cannot be matched, whatever the constraints are about: so Go 1.26, and not yet 1.24',
  ],
])

const MAX_CASE_SECONDS = 1

const path =
  process.env.KUBE_AUTHN_X509_CASES ??
  fileURLToPath(new URL('../../../shared/x509/cases.ndjson', import.meta.url))
if (!existsSync(path)) {
  console.log(`x509 skipped: no cases at ${path}`)
  process.exit(0)
}

const certificate = (base64) => parseCertificate(Uint8Array.from(Buffer.from(base64, 'base64')))

async function verdictOf({ leaf, inters, roots, time, eku }) {
  try {
    await verifyCertificateChain({
      leaf: certificate(leaf),
      intermediates: certificatePoolOf(inters.map(certificate)),
      roots: certificatePoolOf(roots.map(certificate)),
      nowMs: Date.parse(time),
      keyUsages: [eku === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth],
    })
    return { verdict: 'SUCCESS', why: '' }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return { verdict: 'FAILURE', why: error.message }
  }
}

const problems = []
const deliberate = []
let passed = 0
let slowest = { id: '', seconds: 0 }
const cases = readFileSync(path, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line))
for (const each of cases) {
  const start = performance.now()
  const { verdict, why } = await verdictOf(each)
  const seconds = (performance.now() - start) / 1000
  if (seconds > slowest.seconds) slowest = { id: each.id, seconds }
  const reason = DELIBERATE.get(each.id)
  const isSame = verdict === each.go
  if (seconds > MAX_CASE_SECONDS) problems.push(`${each.id}: took ${seconds.toFixed(1)} s`)
  else if (isSame === (reason === undefined)) passed++
  else problems.push(`${each.id}: ${verdict} where Go says ${each.go} (${why})`)
  if (!isSame && reason !== undefined) deliberate.push(`${each.id}: ${reason}`)
}

for (const line of deliberate) console.log(`differs on purpose  ${line}`)
for (const line of problems) console.log(`FAILED  ${line}`)
console.log(`slowest ${slowest.id}: ${(slowest.seconds * 1000).toFixed(0)} ms`)
console.log(`x509 ${passed}/${cases.length}`)
process.exitCode = problems.length === 0 ? 0 : 1
