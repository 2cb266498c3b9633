// Requests to the server that this page came from; all addresses are relative to the token's path.

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `the server answered ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

async function send(path, options) {
  const response = await fetch(`api/${path}`, options);
  const data = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, data);
  return data;
}

export const get = (path) => send(path);

export const put = (path, data) =>
  send(path, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data),
  });

export const post = (path, body, type) =>
  send(path, { method: "POST", headers: type ? { "Content-Type": type } : {}, body });
