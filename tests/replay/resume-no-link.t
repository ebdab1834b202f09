# The interface went down meanwhile.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@10 < link eth0 index=2 ip=10.0.0.1
@10 < resume V1 last=9.5
@10 < start
> tell (V1) INIT -> FAULT: interface eth0 is down
@11 < link eth0 index=2 up ip=10.0.0.1
> arm V1 MasterDown @14.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
