# Row 44: the owner comes back as Master.
instance V1 eth0 vrid=51 prio=255 addr=10.0.0.100 MASTER
@0 < start
> tell (V1) INIT -> FAULT: interface eth0 does not exist
@0.5 < link eth0 index=2 ip=10.0.0.1
> note (V1) another fault: interface eth0 is down
> note (V1) this fault is gone, others are left: interface eth0 does not exist
@1 < link eth0 index=2 up ip=10.0.0.1
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @2
> arm V1 SecondBurst @6
> tell (V1) FAULT -> MASTER: the fault is gone
