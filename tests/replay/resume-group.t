# A group resumes only as a whole.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101 garp_delay=0
group G1 V1 V2
instance V3 eth0 vrid=53 prio=100 addr=10.0.0.102 garp_delay=0
instance V4 eth0 vrid=54 prio=100 addr=10.0.0.103 garp_delay=0
group G2 V3 V4
@0 < link eth0 index=2 up ip=10.0.0.1
@10 < resume V1 last=9.5
@10 < resume V2 last=9.4
@10 < resume V3 last=9.5
@10 < start
> advertise V1 prio=100 rev=1
> advertise V2 prio=100 rev=1
> claim V1 repeat=5
> claim V2 repeat=5
> arm V1 Advert @11
> arm V2 Advert @11
> arm V3 MasterDown @13.609375
> arm V4 MasterDown @13.609375
> tell (V1) INIT -> MASTER: was MASTER until the restart just now
> tell (V2) INIT -> MASTER: was MASTER until the restart just now
> tell (V3) INIT -> BACKUP: starting
> tell (V4) INIT -> BACKUP: starting
> tell VRRP_Group(G1) INIT -> MASTER: was MASTER until the restart just now
> tell VRRP_Group(G2) INIT -> BACKUP: starting
