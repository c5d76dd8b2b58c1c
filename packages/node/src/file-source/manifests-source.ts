import { join } from 'node:path'
import * as fs from 'node:fs'
import { inOneStep, optionProblems, refuseProblems, type Steps } from '@kube-authn/core/internal'
import { somePaths } from '../options/file-option.ts'
import { sourceShape } from '../options/reload-options.ts'
import { digestSteps, readSteps, stampOf, textParts, unreadable } from './read-file.ts'
import { type FileSource, type ReloadOptions, reloadingSource, type Version } from './reloading-source.ts'
import { directoriesOf } from './watch-directories.ts'

/** A manifest file. */
export interface Manifest {
  readonly name: string
  readonly text: string
}

/** A manifest file of which the text is in parts: all but the first begin with a line of dashes. */
export interface ManifestParts {
  readonly name: string
  readonly parts: readonly string[]
}

/** Options of {@link manifestsSource}. */
export interface ManifestsSourceOptions<T> extends ReloadOptions {
  /** Parses all files together; throws to refuse all of them. */
  readonly parse: (manifests: readonly Manifest[]) => T
  /** Larger files are refused. Default 1 MiB. */
  readonly maxBytes?: number
}

/**
 * Reads manifests from files and folders, and reads all of them again when one is changed, added or removed. In a folder it reads every `.yaml`,
 * `.yml` and `.json` file, by name, without subfolders. It reloads by the rules of `fileSource`.
 *
 * @throws {Error} any error of reading or parsing the first version.
 */
export function manifestsSource<T>(
  paths: string | readonly string[],
  options: ManifestsSourceOptions<T>,
): FileSource<T> {
  refuseProblems(somePaths(paths, 'paths'), optionProblems(sourceShape, options))
  const { parse, maxBytes = 1024 * 1024, ...reload } = options
  const steps = (manifests: readonly ManifestParts[]): Steps<T> =>
    inOneStep(() => parse(manifests.map(({ name, parts }) => ({ name, text: parts.join('') }))))
  return largeManifestsSource(paths, { ...reload, maxBytes, steps, isVerdictFinal: false })
}

interface LargeManifestsSourceOptions<T> extends ReloadOptions {
  readonly maxBytes: number
  readonly steps: (manifests: readonly ManifestParts[]) => Steps<T>
  /** Whether refused content is not parsed again before it changes. Default `true`. */
  readonly isVerdictFinal?: boolean
}

/** Like {@link manifestsSource}, for manifests that take long to parse: they are parsed in slices too. */
export function largeManifestsSource<T>(
  paths: string | readonly string[],
  options: LargeManifestsSourceOptions<T>,
): FileSource<T> {
  refuseProblems(somePaths(paths, 'paths'))
  const { steps, maxBytes, isVerdictFinal = true, ...reload } = options
  const all = [paths].flat()
  return reloadingSource<readonly ManifestParts[], T>(
    {
      name: all.join(', '),
      parameter: 'paths',
      stamp: () => JSON.stringify(all.flatMap(manifestFilesAt).map((name) => [name, stampOf(name)])),
      read: () => readManifests(all.flatMap(manifestFilesAt), maxBytes),
      isEmpty: (manifests) => manifests.every(({ parts }) => parts.every((part) => part === '')),
      directories: () => new Set(all.flatMap((path) => [...directoriesAt(path)])),
    },
    steps,
    { ...reload, isVerdictFinal },
  )
}

function* readManifests(
  names: readonly string[],
  maxBytes: number,
): Steps<Version<readonly ManifestParts[]>> {
  const content: ManifestParts[] = []
  const digests: string[] = []
  for (const name of names) {
    const bytes = yield* readSteps(name, maxBytes)
    digests.push(name, yield* digestSteps(bytes))
    content.push({ name, parts: yield* textParts(name, bytes) })
    yield
  }
  return { content, digest: JSON.stringify(digests) }
}

/** The file, or the manifests in the folder, by name and without subfolders. @throws {Error} if the path does not exist. */
export function manifestFilesAt(path: string): readonly string[] {
  if (!isFolder(path)) return [path]
  return fs
    .readdirSync(path)
    .filter((name) => /^[^.].*\.(?:ya?ml|json)$/.test(name))
    .toSorted()
    .map((name) => join(path, name))
}

function isFolder(path: string): boolean {
  try {
    return fs.statSync(path).isDirectory()
  } catch (error) {
    throw unreadable(path, error)
  }
}

function directoriesAt(path: string): readonly string[] {
  try {
    const files = manifestFilesAt(path)
    return [path, ...files].flatMap((each) => [...directoriesOf(each)])
  } catch {
    return [...directoriesOf(path)]
  }
}
