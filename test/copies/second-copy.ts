import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as core from '@kube-authn/core'
import * as adapter from '@kube-authn/core/adapter'
import * as authorization from '@kube-authn/core/authorization'
import * as tokenCache from '@kube-authn/core/remote'
import * as express from '@kube-authn/express'
import * as hono from '@kube-authn/hono'
import * as koa from '@kube-authn/koa'
import * as passport from '@kube-authn/passport'

/** The packages as a test uses them: those that every other test uses. */
export const firstCopy = { core, adapter, authorization, tokenCache, express, koa, hono, passport }

/** The packages, of either copy. */
export type Packages = typeof firstCopy

/** A second copy of the build in a separate folder: modules are identified by path, so all of its classes differ. */
export async function secondCopy(): Promise<Packages & { readonly remove: () => void }> {
  const root = mkdtempSync(join(tmpdir(), 'second-copy-'))
  const packages = fileURLToPath(new URL('../../packages/', import.meta.url))
  for (const folder of ['cel', 'x509', 'core', 'express', 'koa', 'hono', 'passport'])
    copyPackage(join(packages, folder), root)
  const load = async <T>(path: string): Promise<T> =>
    (await import(pathToFileURL(join(root, 'node_modules/@kube-authn', path)).href)) as T
  return {
    core: await load('core/dist/entries/index.js'),
    adapter: await load('core/dist/entries/adapter.js'),
    authorization: await load('core/dist/entries/authorization.js'),
    tokenCache: await load('core/dist/entries/remote.js'),
    express: await load('express/dist/index.js'),
    koa: await load('koa/dist/index.js'),
    hono: await load('hono/dist/index.js'),
    passport: await load('passport/dist/index.js'),
    remove: () => rmSync(root, { recursive: true }),
  }
}

/** A package with links to its third-party dependencies; ours are found next to it. */
function copyPackage(source: string, root: string): void {
  const target = join(root, 'node_modules/@kube-authn', source.slice(source.lastIndexOf('/') + 1))
  cpSync(join(source, 'dist'), join(target, 'dist'), { recursive: true })
  cpSync(join(source, 'package.json'), join(target, 'package.json'))
  for (const name of dependenciesIn(join(source, 'node_modules'))) {
    const link = join(target, 'node_modules', name)
    mkdirSync(join(link, '..'), { recursive: true })
    symlinkSync(realpathSync(join(source, 'node_modules', name)), link)
  }
}

function dependenciesIn(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith('.') || name === '@kube-authn') return []
    return name.startsWith('@') ? readdirSync(join(folder, name)).map((each) => `${name}/${each}`) : [name]
  })
}
