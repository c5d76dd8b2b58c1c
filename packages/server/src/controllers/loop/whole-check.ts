import type { KubeObject } from '../../registry/kube-object.ts'

/**
 * A check of many objects together. Calls at the same time share one check that begins after them all, and a call for a version of an object that was checked
 * already does nothing.
 *
 * @param check resolves to the revision that it has seen everything of; `undefined` if something changed meanwhile.
 */
export function wholeCheck(
  check: () => Promise<number | undefined>,
): (changed: KubeObject | undefined) => Promise<void> {
  let seen = -1
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined

  const run = async (): Promise<void> => {
    seen = (await check()) ?? seen
  }
  const begin = async (): Promise<void> => {
    await running.catch(() => undefined)
    next = undefined
    running = run()
    return running
  }

  return async (changed) => {
    if (changed !== undefined && Number(changed.metadata.resourceVersion) <= seen) return
    next ??= begin()
    await next
  }
}
