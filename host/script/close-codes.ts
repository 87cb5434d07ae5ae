/** RFC 6455, section 7.4, as far as an endpoint may send them; 0 stands for none. */
export function isSendableCloseCode(code: number): boolean {
  return (
    code === 0 ||
    (code >= 1000 && code <= 1003) ||
    (code >= 1007 && code <= 1014) ||
    (code >= 3000 && code <= 4999)
  );
}
