import { api, array, int16, int32, type RequestOf, type ResponseOf, since, string } from '../schema.ts'

/** The groups whose coordinator this broker is, by state (KIP-518) and by type (KIP-848) if asked. */
export const ListGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  flexibleFrom: 3,
  request: { statesFilter: since(4, array(string), []), typesFilter: since(5, array(string), []) },
  response: {
    throttleTimeMs: since(1, int32, 0, 'ignorable'),
    errorCode: int16,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: since(4, string, '', 'ignorable'),
      groupType: since(5, string, '', 'ignorable'),
    }),
  },
})
export type ListGroupsRequest = RequestOf<typeof ListGroups>
export type ListGroupsResponse = ResponseOf<typeof ListGroups>
