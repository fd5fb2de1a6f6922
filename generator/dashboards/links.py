"""The dashboards' uids, and buttons and clicks that lead to them."""

from __future__ import annotations

from dashboards.layout import link, row_address
from dashboards.panels import Key

CLUSTER = "pai_clusterview"
NODE = "pai_nodeview"
TASKS_IN_NODE = "tasks-in-node"
GPUS_IN_NODE = "gpu-in-node"
JOB = "joblevelmetrics"
ROLE = "taskrolelevelmetrics"
TASK = "tasklevelmetrics"
SERVICE = "paiservicemetrics"
HEALTH = "service-health"

TO_CLUSTER = link("Cluster", CLUSTER, "All machines and jobs at a glance")
TO_HEALTH = link("Service health", HEALTH, "Alerts, targets and pods of OpenPAI's services")
TO_SERVICES = link("Services", SERVICE, "What OpenPAI's services use")
TO_NODE = link("Node", NODE, "The machine", has_variables=True)
TO_TASKS_IN_NODE = link("Tasks in node", TASKS_IN_NODE, "What runs on the machine", has_variables=True)
TO_GPUS_IN_NODE = link("GPUs in node", GPUS_IN_NODE, "The machine's cards, one by one", has_variables=True)
TO_JOB = link("Job", JOB, "The job as a whole", has_variables=True)
TO_ROLE = link("Task roles", ROLE, "The job's task roles", has_variables=True)
TO_TASK = link("Tasks", TASK, "The job's tasks, one by one", has_variables=True)

HOST_KEY = Key("host", "Node", ("Open the node", row_address(NODE, node="Node")))
JOB_KEY = Key("job_name", "Job", ("Open the job", row_address(JOB, job="Job")))
ROLE_KEY = Key("role_name", "Role", ("Open the job's task roles", row_address(ROLE, job="Job")))
TASK_KEY = Key(
    "task_index", "Task", ("Open the task", row_address(TASK, job="Job", role="Role", task="Task"))
)
