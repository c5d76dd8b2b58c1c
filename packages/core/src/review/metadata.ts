/**
 * Whether metadata says nothing. Fields that their type has empty are nothing, and so is `managedFields`, which servers write.
 *
 * @param except fields that may say something.
 */
export function saysNothing(metadata: unknown, except: readonly string[] = []): boolean {
  if (typeof metadata !== 'object' || metadata === null) return true
  return Object.entries(metadata).every(
    ([field, value]) => field === 'managedFields' || except.includes(field) || isEmpty(value),
  )
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === null || value === undefined || value === '' || value === 0 || value === false
}
