// Packs public packages into tarballs as they are published. Run after a build, through pnpm.
//
// usage: node .ci/pack.mjs FOLDER
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shareDeclarations } from './commonjs-declarations.mjs'
import { addressIn, mapLinks } from './links.mjs'
import { repository, root } from './repository.mjs'

/** The folders in `packages` that are published. */
export function publicFolders() {
  return readdirSync(join(root, 'packages')).filter((folder) => {
    const file = join(root, 'packages', folder, 'package.json')
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).private !== true
  })
}

/** Packs a package into `destination`, and returns the path of the tarball. */
export function pack(folder, destination) {
  const scratch = mkdtempSync(join(tmpdir(), 'pack-'))
  try {
    // pnpm resolves `workspace:` and `catalog:`, and applies `.ci/pnpmfile.mjs`.
    run('pnpm', ['pack', '--pack-destination', scratch], join(root, 'packages', folder))
    const [packed] = readdirSync(scratch)
    run('tar', ['-xzf', packed], scratch)
    shareDeclarations(join(scratch, 'package'), manifestOf(folder))
    const readme = join(scratch, 'package/README.md')
    writeFileSync(readme, publishedReadme(folder, manifestOf(folder).version, readFileSync(readme, 'utf8')))
    mkdirSync(destination, { recursive: true })
    const parameters = [
      'pack',
      './package',
      '--ignore-scripts',
      '--silent',
      '--pack-destination',
      destination,
    ]
    return join(destination, run('npm', parameters, scratch).trim())
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** The tarball of a package: one of the folder that the variable `TARBALLS` names, if there is one, else a new one in `destination`. */
export function tarballOf(folder, destination) {
  const { TARBALLS } = process.env
  if (TARBALLS === undefined) return pack(folder, destination)
  const { name, version } = manifestOf(folder)
  mkdirSync(destination, { recursive: true })
  return join(TARBALLS, `${name.slice(1).replace('/', '-')}-${version}.tgz`)
}

/** The README of a package with absolute links, to the tag of its version: relative ones lead nowhere outside the repository. */
export function publishedReadme(folder, version, text) {
  return mapLinks(`packages/${folder}/README.md`, text, (target, anchor) =>
    addressIn(repository.url, `v${version}`, target, anchor),
  )
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
}

function run(command, parameters, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { cwd, encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${command} ${parameters.join(' ')}: ${error?.message ?? `${stdout}${stderr}`.trim()}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const destination = resolve(process.argv[2] ?? 'tarballs')
  for (const folder of publicFolders()) console.log(pack(folder, destination))
}
