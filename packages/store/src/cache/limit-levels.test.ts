import { expect, it } from 'vitest'
import { limitLevels } from './limit-levels.ts'

it('tells each level when it is reached, and again when the number had fallen well below it', () => {
  const level = limitLevels(10)
  const told = (count: number): string => {
    const { is, isNew } = level(count)
    return isNew ? `${is}!` : is
  }
  expect([7, 8, 7, 8, 10, 11, 10, 11, 8, 11].map(told)).toEqual([
    'below',
    'near!',
    'below',
    'near',
    'near',
    'beyond!',
    'near',
    'beyond',
    'near',
    'beyond!',
  ])
  expect([6, 8, 12, 1, 12, 1, 9].map(told)).toEqual([
    'below',
    'near!',
    'beyond!',
    'below',
    'beyond!',
    'below',
    'near!',
  ])
})
