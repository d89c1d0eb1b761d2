# Loaded by slurm.bats: a real Slurm of four nodes on this machine, as an ordinary user may run it, on ports that are free, below the
# test's folder. Its daemons end with the file.
# shellcheck shell=bash disable=SC2034

# ports COUNT: that many in a row on which nobody listens, as "first last".
free_ports() {
    local first at
    for first in $(shuf -i 20000-31000 -n 100); do
        for ((at = first; at < first + $1; at++)); do
            ! (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null || continue 2
        done
        echo "$first $((first + $1 - 1))"
        return
    done
    return 1
}

write_slurm_conf() {
    local first last
    read -r first last < <(free_ports 5)
    # Nothing here uses control groups, but slurmd looks for those of version 2, which a container may not have.
    echo "CgroupPlugin=cgroup/v1" >"$slurm/cgroup.conf"
    cat >"$SLURM_CONF" <<C
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$first
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,bf_resolution=1,batch_sched_delay=0,sched_interval=2
SwitchType=switch/none
MpiDefault=none
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=6
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool/%n
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd-%n.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd-%n.log
NodeName=n[1-4] NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=[$((first + 1))-$last] CPUs=4 RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
C
}

nodes_are() {
    [ "$(sinfo -N -h -o %T | sort -u)" = "$1" ]
}

start_slurm() {
    slurm=$BATS_FILE_TMPDIR/slurm
    export slurm SLURM_CONF=$slurm/slurm.conf
    mkdir -p "$slurm/state" "$slurm/spool"
    write_slurm_conf
    PATH=$PATH:/usr/sbin slurmctld -c -f "$SLURM_CONF"
    for node in n1 n2 n3 n4; do
        start_node $node
    done
    soon 20 nodes_are idle
}

start_node() {
    PATH=$PATH:/usr/sbin slurmd -N "$1" -f "$SLURM_CONF"
}

# processes_of NODE: its daemon, and all that runs for jobs there.
processes_of() {
    local process
    for process in /proc/[0-9]*; do
        if { tr '\0' ' ' <"$process/cmdline" | grep -q "^slurmd -N $1 -f $SLURM_CONF" ||
            tr '\0' '\n' <"$process/environ" | grep -qx "SLURMD_NODENAME=$1"; } 2>/dev/null; then
            echo "${process#/proc/}"
        fi
    done
}

# lose_node NODE: it is gone at once, with everything on it.
lose_node() {
    processes_of "$1" | xargs kill -9 2>/dev/null || true
}

stop_slurm() {
    [ -f "$SLURM_CONF" ] || return 0
    scancel --user="$(id -un)" 2>/dev/null || true
    scontrol shutdown 2>/dev/null || true
    for node in n1 n2 n3 n4; do
        lose_node $node
    done
}

# job_is JOB STATE
job_is() {
    scontrol show job "$1" -o 2>/dev/null | head -n 1 | grep -q "JobState=$2"
}

# job_waits JOB: all its components are in the queue again; before that the others are still ending.
job_waits() {
    ! scontrol show job "$1" -o 2>/dev/null | grep -v "JobState=PENDING" | grep -q JobState
}

# batch_is_gone JOB: its batch script has ended, and so has who looked after it: Slurm's two minutes are there for them.
batch_is_gone() {
    ! pgrep -f "^slurmstepd: \[$1\." >/dev/null
}

job_is_over() {
    [ -z "$(squeue -h -j "$1" 2>/dev/null)" ]
}
