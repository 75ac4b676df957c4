import { api, array, bool, int16, int32, int64, nullableArray, type RequestOf, type ResponseOf, since, string } from '../schema.ts'

/** Sizes of partitions in each log folder of a broker, and the room on its volume (KIP-827). */
export const DescribeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [1, 4],
  flexibleFrom: 2,
  request: { topics: nullableArray({ topic: string, partitions: array(int32) }) },
  response: {
    throttleTimeMs: int32,
    errorCode: since(3, int16, 0, 'ignorable'),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({ partitionIndex: int32, partitionSize: int64, offsetLag: int64, isFutureKey: bool }),
      }),
      totalBytes: since(4, int64, -1, 'ignorable'),
      usableBytes: since(4, int64, -1, 'ignorable'),
    }),
  },
})
export type DescribeLogDirsRequest = RequestOf<typeof DescribeLogDirs>
export type DescribeLogDirsResponse = ResponseOf<typeof DescribeLogDirs>
