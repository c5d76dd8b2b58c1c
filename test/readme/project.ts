import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { foldersIn, root } from './documents.ts'

/** Creates a folder in which every workspace package can be imported, and all dependencies of packages, examples and recipes. */
export function makeProject(project: string): void {
  mkdirSync(project, { recursive: true })
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }))
  for (const folder of foldersIn('packages')) {
    const manifest = readFileSync(join(root, folder, 'package.json'), 'utf8')
    link(project, (JSON.parse(manifest) as { name: string }).name, join(root, folder))
  }
  for (const folder of [...foldersIn('packages'), ...foldersIn('examples'), 'test/recipes']) {
    const installed = join(root, folder, 'node_modules')
    for (const name of packagesIn(installed)) link(project, name, join(installed, name))
  }
}

function link(project: string, name: string, target: string): void {
  const path = join(project, 'node_modules', name)
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path, 'junction')
}

function packagesIn(installed: string): readonly string[] {
  if (!existsSync(installed)) return []
  return readdirSync(installed)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(installed, name)).map((inner) => `${name}/${inner}`) : [name],
    )
}
