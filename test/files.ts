import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The files below a folder, relative to it. Links are not followed: in a workspace they lead from package to package, over and over. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}
