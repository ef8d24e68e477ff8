/** Where the API begins: every path below it belongs to this version. */
export const PREFIX = '/api/v1';
