// Publishes packed packages that the registry does not have yet, dependencies first, with provenance. It needs Node.js and npm only, and can be repeated
// after a failure. Only the release workflow runs it.
//
// usage: node .ci/publish.mjs FOLDER
import { spawnSync } from 'node:child_process'
import { appendFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const [folder] = process.argv.slice(2)
const tarballs = readdirSync(folder)
  .filter((file) => file.endsWith('.tgz'))
  .map((file) => {
    const path = join(folder, file)
    return { path, ...JSON.parse(run('tar', ['-xzOf', path, 'package/package.json'])) }
  })
const published = dependenciesFirst(tarballs).filter((each) => !isPublished(each))
for (const { path } of published) {
  console.log(`Publishing ${path}`)
  run('npm', ['publish', path, '--access', 'public', '--provenance'])
}
if (published.length > 0) {
  console.log(`Published ${published.length} packages`)
  // All packages have the same version.
  if (process.env.GITHUB_OUTPUT)
    appendFileSync(process.env.GITHUB_OUTPUT, `version=${published[0].version}\n`)
} else {
  console.log('Everything is published')
}

function isPublished({ name, version }) {
  const { status, stdout, stderr } = spawnSync('npm', ['view', `${name}@${version}`, 'version'], {
    encoding: 'utf8',
  })
  if (status === 0) return stdout.trim() === version
  if (stderr.includes('E404')) return false
  throw new Error(`npm view ${name}@${version}: ${stderr}`)
}

/** No version is ever on the registry without those that it needs. */
function dependenciesFirst(all) {
  const sorted = new Set()
  const visit = (each) => {
    if (each === undefined || sorted.has(each)) return
    for (const name of Object.keys({ ...each.dependencies, ...each.peerDependencies })) {
      visit(all.find((other) => other.name === name))
    }
    sorted.add(each)
  }
  for (const each of all) visit(each)
  return [...sorted]
}

function run(command, parameters) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${command} ${parameters.join(' ')}: ${error?.message ?? stderr}`)
}
