import { expect, it } from 'vitest'
import { thrownBy } from '../../../../core/test/fakes.ts'
import type { KubeObject } from '../../registry/kube-object.ts'
import { wholeCheck } from './whole-check.ts'

const at = (resourceVersion: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { resourceVersion: String(resourceVersion) },
})

it('is shared by all calls that wait for it, and skipped for what it has seen', async () => {
  let checks = 0
  let revision: number | undefined = 10
  const check = wholeCheck(async () => {
    checks++
    return revision
  })
  await Promise.all([check(at(1)), check(at(11)), check(undefined)])
  expect(checks).toBe(1)
  await Promise.all([check(at(10)), check(at(9))])
  expect(checks).toBe(1)
  revision = undefined
  await check(at(11))
  expect(checks).toBe(2)
  // What it has not seen to the end does not count.
  await check(at(10))
  revision = 11
  await check(at(11))
  await check(at(11))
  await check(undefined)
  expect(checks).toBe(4)
})

it('begins after each call: one that has begun is not enough', async () => {
  const doors: (() => void)[] = []
  let checks = 0
  const check = wholeCheck(async () => {
    checks++
    await new Promise<void>((resolve) => void doors.push(resolve))
    return 1
  })
  const first = check(undefined)
  await Promise.resolve()
  await Promise.resolve()
  const others = Promise.all([check(undefined), check(undefined)])
  expect(checks).toBe(1)
  doors.shift()?.()
  await first
  while (doors.length === 0) await Promise.resolve()
  doors.shift()?.()
  await others
  expect(checks).toBe(2)
})

it('is done again after it has failed', async () => {
  let isDown = true
  const check = wholeCheck(async () => {
    if (isDown) throw new Error('down')
    return 5
  })
  expect(await thrownBy(() => Promise.all([check(at(1)), check(at(2))]))).toEqual(new Error('down'))
  isDown = false
  await check(at(1))
})
