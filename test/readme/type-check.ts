import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Snippet } from './documents.ts'
import { makeProject } from './project.ts'

const project = fileURLToPath(new URL('.generated', import.meta.url))

/** The options of a strict project, and stricter ones only to test our own types. */
const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2024', 'WebWorker', 'WebWorker.Iterable'],
  types: ['node'],
  module: 'NodeNext',
  moduleDetection: 'force',
  strict: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  allowJs: true,
  checkJs: true,
  skipLibCheck: true,
  // Nest's decorators are these.
  experimentalDecorators: true,
  noEmit: true,
}

/** The compiler's output for the snippets, each a separate module: errors by location, and errors without one. */
export interface TypeCheck {
  readonly errors: ReadonlyMap<string, readonly string[]>
  readonly elsewhere: readonly string[]
}

/** Compiles snippets against our built packages, and the dependencies of these and the examples. */
export function typeCheck(snippets: readonly Snippet[]): TypeCheck {
  rmSync(project, { recursive: true, force: true })
  makeProject(project)
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['*.ts', '*.js'] }),
  )
  const places = new Map<string, string>()
  for (const snippet of snippets) {
    const extension = isJavaScript(snippet) ? 'js' : 'ts'
    const file = `${snippet.place.replaceAll(/[^A-Za-z0-9]+/g, '-')}.${extension}`
    places.set(file, snippet.place)
    // The preceding lines are empty, so that the compiler reports the line of the document.
    writeFileSync(join(project, file), '\n'.repeat(snippet.line - 1) + snippet.code)
  }

  const errors = new Map<string, string[]>()
  const elsewhere: string[] = []
  for (const line of compilerOutput()) {
    const [, file = '', row, code = '', message] =
      /^(.+?)\((\d+),\d+\): error TS(\d+): (.+)$/.exec(line) ?? []
    const place = places.get(basename(file))
    if (place === undefined) elsewhere.push(line)
    // JavaScript cannot declare parameter types.
    else if (!(file.endsWith('.js') && code.startsWith('70'))) {
      errors.set(place, [...(errors.get(place) ?? []), `line ${row}: ${message} (TS${code})`])
    }
  }
  return { errors, elsewhere }
}

/** Whether a snippet is JavaScript, hence without types. */
export function isJavaScript({ language }: Snippet): boolean {
  return ['js', 'mjs', 'javascript'].includes(language)
}

function compilerOutput(): readonly string[] {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json')
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { tsc: string } }
  const compiler = join(dirname(manifest), bin.tsc)
  const { stdout, stderr } = spawnSync(process.execPath, [compiler, '-p', project, '--pretty', 'false'], {
    cwd: project,
    encoding: 'utf8',
  })
  // Indented lines continue the previous message.
  return `${stdout}${stderr}`.split(/\r?\n/).filter((line) => /^\S/.test(line))
}
