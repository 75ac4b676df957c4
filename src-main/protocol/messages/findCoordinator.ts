import {
  api,
  array,
  int16,
  int32,
  int8,
  nullableString,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  until,
  versions,
} from '../schema.ts'

/** Which broker looks after a group (key type 0) or a transactional id (1). Several keys at once from version 4 on (KIP-699). */
export const FindCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 5],
  flexibleFrom: 3,
  request: { key: until(3, string, ''), keyType: since(1, int8, 0), coordinatorKeys: since(4, array(string), []) },
  response: {
    throttleTimeMs: since(1, int32, 0, 'ignorable'),
    errorCode: until(3, int16, 0),
    errorMessage: versions([1, 3], nullableString, '', 'ignorable'),
    nodeId: until(3, int32, 0),
    host: until(3, string, ''),
    port: until(3, int32, 0),
    coordinators: since(
      4,
      array({
        key: string,
        nodeId: int32,
        host: string,
        port: int32,
        errorCode: int16,
        errorMessage: nullableString,
      }),
      [],
    ),
  },
})
export type FindCoordinatorRequest = RequestOf<typeof FindCoordinator>
export type FindCoordinatorResponse = ResponseOf<typeof FindCoordinator>
