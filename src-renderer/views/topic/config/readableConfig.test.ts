import { expect, it } from 'vitest'
import { readableConfig } from './readableConfig.ts'

it.each([
  ['retention.ms', '604800000', '= 7 d'],
  ['retention.ms', '5400000', '= 1 h 30 min'],
  ['retention.ms', '90061001', '= 1 d 1 h 1 min 1 s 1 ms'],
  ['segment.bytes', '1073741824', '= 1 GiB'],
  ['max.message.bytes', '1048588', '= 1.00 MiB'],
  ['retention.ms', '-1', ''],
  ['flush.ms', '9223372036854775807', ''],
  ['min.insync.replicas', '2', ''],
  ['file.delete.delay.ms', '500', ''],
  ['retention.ms', '1h', ''],
])('reads %s of %s as "%s"', (name, value, said) => expect(readableConfig(name, value)).toBe(said))
